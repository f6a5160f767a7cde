// Makes ./container, a root with busybox in it (the package busybox-static). Remove it with rm -r when you are done.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';

for (const directory of ['bin', 'etc', 'proc', 'tmp']) mkdirSync(`container/${directory}`, { recursive: true });
cpSync('/bin/busybox', 'container/bin/busybox');
for (const program of ['sh', 'ls', 'ps', 'hostname', 'cat', 'echo', 'sleep', 'id', 'kill', 'wc', 'mount', 'true']) {
  symlinkSync('busybox', `container/bin/${program}`);
}
// The exercise calls its shell bash; not every busybox answers to that name.
writeFileSync('container/bin/bash', '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 });
