import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { create, delegate, detect } from '../src/index.ts';

const machine = detect();
const name = `coracle-test-delegate-${process.pid}`;
const NOBODY = 65534;
const { version } = machine.resources.pids;

/** What an ordinary user does with a group that is his, in each of its directories; on version 2 he clears it first. */
const DIVIDE = `
set -e
read go
for box in "$@"; do
  mkdir $box/leaf $box/limited
  echo 0 > $box/leaf/cgroup.procs
  case $box in
    */pids/*) ;;
    *) [ ! -e $box/cgroup.subtree_control ] || echo +pids > $box/cgroup.subtree_control ;;
  esac
  [ ! -e $box/limited/pids.max ] || { echo 5 > $box/limited/pids.max; echo limited to $(cat $box/limited/pids.max); }
  [ ! -e $box/pids.max ] || if echo max 2>&- > $box/pids.max; then echo escaped; else echo bound; fi
  echo $$ > $box/limited/cgroup.procs
done 2>&1
echo done
`;

needs.test(needs.root, { what: 'limits of pids', met: version !== undefined })(
  'an ordinary user divides the group that was given to him, and cannot lift its limits',
  async () => {
    await using box = create(name, { pids: 50 });
    const { files, kept } = delegate(box, { uid: NOBODY, gid: NOBODY });
    const given = box.directories.filter((directory) => !kept.some((one) => one.directory === directory));
    expect(given.length).toBeGreaterThan(0);
    expect(files.map((file) => statSync(file).uid)).toEqual(files.map(() => NOBODY));
    for (const directory of given) {
      expect(statSync(`${directory}/cgroup.procs`).uid).toBe(NOBODY);
    }
    const user = spawn('sh', ['-c', DIVIDE, 'sh', ...given], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    box.add(Number(user.pid));
    const output = text(user.stdout);
    user.stdin.end('\n');
    expect(await once(user, 'exit')).toEqual([0, null]);
    expect(await output).toContain('limited to 5\nbound\n');
    expect(await output).not.toContain('escaped');
    expect(await output).toMatch(/done\n$/);
  },
  60_000,
);

needs.test(needs.root, { what: 'limits of pids', met: version !== undefined })(
  'of the files of a group none but those named is given',
  async () => {
    await using box = create(name, { pids: 50 });
    const { files } = delegate(box, { uid: NOBODY });
    const limits = box.directories.map((directory) => `${directory}/pids.max`);
    const there = limits.filter((path) => statSync(path, { throwIfNoEntry: false }));
    expect(there.map((path) => statSync(path).uid)).toEqual([0]);
    expect(files.filter((path) => there.includes(path))).toEqual([]);
  },
);
