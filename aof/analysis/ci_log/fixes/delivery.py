"""Advice for configuration, credentials, Git, migrations and deployments."""

from __future__ import annotations

from aof.analysis.ci_log.fixes.advice import Advice

ADVICE: dict[str, Advice] = {
    "environment-variable": Advice(
        "A variable of the environment is not set in this job.",
        ("Set it in the job, or add the secret; secrets do not reach pull requests of forks.",),
        ("git grep -n {subject}", "gh secret list"),
        subject=r"KeyError: '(\w{1,80})'|([A-Z][A-Z0-9_]{2,80})",
    ),
    "registry-auth": Advice(
        "The registry refuses these credentials, or there were none.",
        ("Log in before pulling or pushing; check the token's scope and expiry.",),
        ("docker login",),
    ),
    "kubernetes-pod": Advice(
        "Pods do not become ready. ImagePullBackOff: image name, tag or pull secret. "
        "CrashLoopBackOff: the container exits. Pending: no node fits.",
        ("Read the pod's events, then the log of its last container.",),
        (
            "kubectl get pods --field-selector=status.phase!=Running",
            "kubectl get events --sort-by=.lastTimestamp",
        ),
    ),
    "kubernetes-rollout": Advice(
        "The rollout did not finish in time; a pod of the new version did not become ready.",
        ("Look at the events of the new pods.",),
        ("kubectl get events --sort-by=.lastTimestamp", "kubectl rollout status deploy/{subject}"),
        subject=r"deployments?[ ./\"]{1,3}([a-z0-9][a-z0-9.-]{0,60})",
    ),
    "terraform-config": Advice(
        "Terraform refuses the configuration.",
        ("Correct the block the message names.",),
        ("terraform validate", "git log --oneline -5 -- {file}"),
        "Run terraform validate in pull requests.",
    ),
    "terraform-provider": Advice(
        "Terraform cannot get a provider or module: unknown, unreachable, or not in the lock file.",
        ("Check source and version, and write the lock file for all platforms.",),
        ("terraform init -upgrade", "terraform providers lock -platform=linux_amd64"),
    ),
    "terraform-lock": Advice(
        "Another run holds the lock of the state, or died holding it.",
        ("Wait for the other run; when there is none, release the lock by the ID shown.",),
        ("terraform plan -lock-timeout=5m",),
    ),
    "ansible-task": Advice(
        "A task failed on a host; `msg` in its result says why.",
        ("Run the play again from this task, on this host, with details.",),
        ("ansible {subject} -m ping -vvv",),
        subject=r"\[([\w.-]{1,80})\]: FAILED",
    ),
    "migrations": Advice(
        "The models and the migrations in the repository do not fit each other.",
        (
            "Make the missing migration, or merge the heads, and commit the file.",
            "After a rebase, check that the newest migration still follows the last one.",
        ),
        ("git status --short",),
    ),
    "django-migrations": Advice(
        "The models changed, and no migration says so.",
        ("Make the migration and commit it.",),
        ("python manage.py makemigrations", "git status --short"),
        "Run makemigrations --check in pull requests.",
    ),
    "alembic": Advice(
        "The migrations have more than one head, or the database is at an unknown one.",
        ("Merge the heads, or rebase the newest migration, and commit.",),
        ("alembic heads", "alembic merge heads -m merge"),
        "Run `alembic heads` in pull requests, and refuse more than one.",
    ),
    "git-reference": Advice(
        "The branch, tag, commit or repository does not exist (any more), or the checkout is "
        "shallow.",
        ("Check the name; fetch with full history when older commits are needed.",),
        ("git ls-remote origin", "git fetch --unshallow --tags"),
    ),
    "git-auth": Advice(
        "The remote refuses these credentials, or there were none.",
        ("Check the token's scope, the deploy key, and that the secret reaches this job.",),
        ("git ls-remote origin HEAD",),
    ),
    "git-rejected": Advice(
        "The remote has commits this one does not follow, or protects the branch.",
        ("Fetch and rebase, then push; do not let two jobs push the same branch.",),
        ("git pull --rebase", "git push"),
        "Give jobs that push a concurrency group.",
    ),
    "git-conflict": Advice(
        "Both sides changed the same lines.",
        ("Merge or rebase locally, resolve, and push.",),
        ("git fetch origin", "git rebase origin/HEAD"),
    ),
}

CONFIGURATION = Advice(
    "A setting is missing or wrong: a name, a value, a secret or a right.",
    ("Compare the configuration with the last green commit.",),
    (
        "git diff LAST_GREEN HEAD -- .github .gitlab-ci.yml Jenkinsfile",
        "git log --oneline -5 -- .github .gitlab-ci.yml Jenkinsfile",
        "git log --oneline -5 -- {file}",
    ),
    "Check configuration in the pull request (schema, dry run).",
)

ANY = Advice(
    "The target refused the change or did not become healthy.",
    ("Read the events of the target; roll back when users are affected.",),
)
