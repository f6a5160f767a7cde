import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { describe, test } from '@jest/globals';

/** Something a test needs of the machine, and whether it is there. */
export interface Requirement {
  /** Completes the sentence "needs ...". */
  what: string;
  met: boolean;
}

const root: Requirement = { what: 'root', met: process.geteuid?.() === 0 };

function program(name: string): Requirement {
  return { what: `the program ${name}`, met: spawnSync('sh', ['-c', `command -v ${name}`]).status === 0 };
}

function writable(path: string): Requirement {
  try {
    accessSync(path, constants.W_OK);
    return { what: `${path} to be writable`, met: true };
  } catch {
    return { what: `${path} to be writable`, met: false };
  }
}

function missing(requirements: Requirement[]): string {
  return requirements
    .filter((requirement) => !requirement.met)
    .map((requirement) => requirement.what)
    .join(', ');
}

/** `test` where every requirement is met; elsewhere a skipped test whose title says what is missing. */
function testWith(
  ...requirements: Requirement[]
): (title: string, body: () => void | Promise<void>, timeoutMs?: number) => void {
  const lacking = missing(requirements);
  return (title, body, timeoutMs) => {
    if (lacking) test.skip(`${title} (skipped: needs ${lacking})`, body);
    else test(title, body, timeoutMs);
  };
}

/** `describe` where every requirement is met; elsewhere a skipped group whose title says what is missing. */
function describeWith(...requirements: Requirement[]): (title: string, body: () => void) => void {
  const lacking = missing(requirements);
  return (title, body) => {
    if (lacking) describe.skip(`${title} (skipped: needs ${lacking})`, body);
    else describe(title, body);
  };
}

/**
 * Requirements and the tests that depend on them.
 * @example
 * needs.test(needs.root, needs.program('runc'))('runc shows the same mounts', () => { ... });
 */
export const needs: {
  root: Requirement;
  program: typeof program;
  writable: typeof writable;
  test: typeof testWith;
  describe: typeof describeWith;
} = { root, program, writable, test: testWith, describe: describeWith };
