// Tests of root start containers as an ordinary user, who has no /run/user/UID: the state of his containers is kept in the directory
// for temporary files, and stays there when the last of them has ended. What a test run made of that goes with it.
import { existsSync, lstatSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whom the tests start containers as: PLAIN_USER of tools/test-support. */
const PLAIN_USER = 54321;

/**
 * To be called when the tests begin.
 * @param directory where his state is; a parameter for tests
 * @returns what removes it at their end, if it was not there before and no container is in it
 */
export function stateOfUsers(directory = join(tmpdir(), `coracle-${PLAIN_USER}`)) {
  if (lstatSync(directory, { throwIfNoEntry: false })) return () => {};
  return () => {
    for (const path of [join(directory, 'names'), directory]) {
      // Never through a link: what somebody else has put there is his.
      if (!existsSync(path) || !lstatSync(directory).isDirectory()) continue;
      try {
        rmdirSync(path);
      } catch (error) {
        if (!['ENOTEMPTY', 'ENOTDIR', 'ENOENT', 'EACCES', 'EPERM'].includes(error.code)) throw error;
      }
    }
  };
}
