import { accessSync, constants, readFileSync } from 'node:fs';
import { readValue } from '@coracle/cgroups-core';

/** What detection asks of the machine. All of it can be put in by a test or a tool that looks at another machine. */
export interface Facts {
  /** Text of /proc/self/mountinfo. */
  mountinfo: string;
  /** Text of /proc/self/cgroup. */
  selfCgroup: string;
  /** Whether the caller may write a path. */
  isWritable(path: string): boolean;
  /** Text of a file of a group, or of /proc/self/status and /proc/self/uid_map; `undefined` when there is none. */
  read(path: string): string | undefined;
}

/** The facts of this machine, for the process that asks. */
export function theseFacts(): Facts {
  return {
    mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
    selfCgroup: readFileSync('/proc/self/cgroup', 'utf8'),
    isWritable,
    read: readValue,
  };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
