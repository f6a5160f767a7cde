import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { needs } from '@coracle/test-support';
import { describe, expect } from '@jest/globals';
import { findGroupOf, theseFacts } from '../src/facts.ts';
import { detectAll, type Facts } from '../src/index.ts';

const machine = detectAll();
const above = machine.v1.pids ?? machine.v2?.parent;

describe('a process in a cgroup namespace of its own', () => {
  needs.test(needs.root, needs.program('unshare'), { what: 'limits of pids', met: above !== undefined })(
    'finds its group in mounts from outside, which show those above as well, and is not led above it',
    async () => {
      const top = `${above}/coracle-test-namespace-${process.pid}`;
      const [box, sibling] = [`${top}/box`, `${top}/sibling`];
      for (const directory of [top, sibling, box]) mkdirSync(directory);
      // The namespace begins at the group that its first process is in. Only who is inside sees the paths as they are there.
      const tell = 'cat /proc/self/mountinfo; echo; cat /proc/self/cgroup; echo end; read line';
      const child = spawn('sh', ['-c', `echo 0 > ${box}/cgroup.procs; exec unshare --cgroup sh -c '${tell}'`]);
      const ended = once(child, 'exit');
      try {
        const facts = factsOf(Number(child.pid), await told(child));
        expect(facts.mountinfo).toMatch(/ \/\.\.\/\.\.(\/\.\.)* \S+/);
        const seen = detectAll(facts);
        if (machine.v1.pids !== undefined) expect(seen.v1.pids).toBe(box);
        else
          expect(seen.resources.pids).toMatchObject({
            reason: `the group ${box} is yours, but has processes of its own (${child.pid})`,
          });
        expect(detectAll({ ...facts, findOwn: undefined })).not.toEqual(seen);
      } finally {
        child.stdin.end();
        await ended;
        for (const directory of [box, sibling, top]) rmdirSync(directory);
      }
    },
  );
});

async function told({ stdout }: ChildProcessWithoutNullStreams): Promise<string> {
  let text = '';
  for await (const chunk of stdout) {
    text += String(chunk);
    if (text.endsWith('end\n')) break;
  }
  return text;
}

/** The facts of a process, from what it tells of its mounts and its groups. */
function factsOf(pid: number, text: string): Facts {
  const [mountinfo = '', selfCgroup = ''] = text.split('\n\n');
  return {
    ...theseFacts(),
    mountinfo,
    selfCgroup,
    findOwn: (below, levels, path) => findGroupOf(pid, below, { levels, path }),
  };
}
