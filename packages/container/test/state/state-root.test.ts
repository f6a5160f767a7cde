import { describe, expect, test } from '@jest/globals';
import { prepareStateRoot } from '../../src/state/state-root.ts';

/** /proc takes no new directories from anybody; Node's recursive mkdir goes on trying for ever. */
const PLACE = '/proc/coracle';

describe('a state root that cannot be made', () => {
  test.each([
    [0, '/proc has to be there and writable: `coracle doctor` tells more'],
    [1000, 'set XDG_RUNTIME_DIR to a directory of yours'],
  ])('is an error that names it, and tells user %d the way out', (uid, hint) => {
    expect(() => prepareStateRoot(PLACE, uid)).toThrow(expect.objectContaining({ code: 'EACCES', path: PLACE, hint }));
  });
});
