import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { stateOfUsers } from '../state-of-users.mjs';

let scratch;
let state;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'coracle-state-of-users-'));
  state = join(scratch, 'state');
});
afterEach(() => rmSync(scratch, { recursive: true }));

test('the state of the user that the tests start containers as goes with them', () => {
  const remove = stateOfUsers(state);
  mkdirSync(join(state, 'names'), { recursive: true });
  remove();
  expect(existsSync(state)).toBe(false);
  remove();
});

test('what was there before stays, and so does what holds a container or leads elsewhere', () => {
  mkdirSync(state);
  stateOfUsers(state)();
  expect(existsSync(state)).toBe(true);

  const other = join(scratch, 'other');
  const remove = stateOfUsers(other);
  mkdirSync(join(other, 'names'), { recursive: true });
  mkdirSync(join(other, 'container'));
  remove();
  expect(existsSync(join(other, 'container'))).toBe(true);

  const link = join(scratch, 'link');
  const removeLink = stateOfUsers(link);
  mkdirSync(join(scratch, 'elsewhere/names'), { recursive: true });
  symlinkSync('elsewhere', link);
  removeLink();
  expect(existsSync(join(scratch, 'elsewhere/names'))).toBe(true);
});
