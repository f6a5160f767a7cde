import { existsSync } from 'node:fs';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { create, detect, open } from '../src/index.ts';

const resource = needs.root.met && detect().resources.pids.version !== undefined;

needs.describe(needs.root, { what: 'a limit on processes', met: resource })('a group that was made earlier', () => {
  needs.test()('is taken up by its directories: changed, read, ended and removed', async () => {
    const name = `coracle-open-${process.pid}`;
    await using made = create(name, { pids: 20 });
    const taken = open(made.directories);
    expect([...taken.directories].sort()).toEqual([...made.directories].sort());
    taken.update({ pids: 30 });
    expect(made.stats(['pids']).pids?.limit).toBe(30n);
    taken.update({ pids: 'max' });
    expect(taken.stats(['pids']).pids?.limit).toBe('max');
    expect(taken.processes()).toEqual([]);
    await taken.delete();
    expect(made.directories.filter((directory) => existsSync(directory))).toEqual([]);
  });

  needs.test()('that is gone is told of by what is done with it', async () => {
    const made = create(`coracle-open-${process.pid}`, { pids: 20 });
    await made.delete();
    expect(() => open(made.directories).update({ pids: 30 })).toThrow('ENOENT');
  });
});
