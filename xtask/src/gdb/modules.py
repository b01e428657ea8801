# Has GDB know of modules as they come and go on a target that an agent runs on.

import os

import gdb


class Modules(gdb.Breakpoint):
    """Where the agent passes when something has changed: a folder has a file for each object there is."""

    def __init__(self, place, folder):
        super().__init__(place, internal=True)
        self.folder, self.known = folder, []

    def stop(self):
        there = sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder))
        for file in self.known:
            if file not in there:
                gdb.execute(f'remove-symbol-file "{file}"', to_string=True)
        for file in there:
            if file not in self.known:
                gdb.execute(f'add-symbol-file "{file}"', to_string=True)
        self.known = there
        return False  # nobody sees that it was here
