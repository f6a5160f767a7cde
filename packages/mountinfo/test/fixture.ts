import { readFileSync } from 'node:fs';

/** Kernel text of `test/fixtures/NAME.txt`. */
export function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}.txt`, import.meta.url), 'utf8');
}

export const FIXTURES: string[] = ['vm-cgroup-v1', 'laptop-systemd-v2', 'docker-container'];
