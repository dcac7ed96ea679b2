"""JupyterHub for a class on one machine, whose learners have accounts of the system.

As root, in a folder that only root can read (the hub keeps its cookie secret and its database
there)::

    jupyterhub --config …/docs/class-server/jupyterhub_config.py

README.md, beside this file, says what it does not do: it limits no memory and speaks no HTTPS.
"""

import pwd
import sys

c = get_config()  # noqa: F821

# Everybody who has a password on this machine may log in. For one group of the system instead:
# c.PAMAuthenticator.allowed_groups = {"learners"}
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allow_all = True

# Each learner's server and kernels run under the learner's own account.
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab"


def runtime_folder(spawner):
    """Return the folder for the sockets of a learner's kernels: the name of a socket is short."""
    return f"{pwd.getpwnam(spawner.user.name).pw_dir}/.run"


# With one thread per kernel, thirty kernels do not fight for the cores.
threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
c.Spawner.environment = {name: "1" for name in threads}
c.Spawner.environment["JUPYTER_RUNTIME_DIR"] = runtime_folder

# When a whole class arrives at once, the last server takes longer than the usual 30 seconds.
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300

c.Spawner.args = [
    # Servers that start kernels at the same moment may choose the same port, and one of the kernels
    # then never starts. Sockets in the learner's home cannot meet.
    "--KernelManager.transport=ipc",
    # A kernel that no page looks at, and that has done nothing for half an hour, is shut down. Its
    # variables are lost; the notebook, with its outputs, is not.
    "--MappingKernelManager.cull_idle_timeout=1800",
]

# A server that nobody has used for an hour is stopped. The learner's files stay.
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
