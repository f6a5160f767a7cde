import { expect, test } from '@jest/globals';
import { makeReadOnly, maskPaths } from '../src/index.ts';

const asked: string[] = [];
const noteAndRefuse = (path: string): undefined => void asked.push(path);

test.each(['/proc/1/root/etc', '/proc/self/exe', '/proc/thread-self/cwd'])(
  'what a process of the container has in /proc is looked for inside, not on the host: %s',
  (path) => {
    expect(maskPaths([path], noteAndRefuse)).not.toEqual([]);
    expect(makeReadOnly([path], noteAndRefuse)).not.toEqual([]);
    expect(asked).toEqual([]);
  },
);

test.each(['/proc/selfish', '/proc/sys/1', '/sys/self'])('of the kernel the host knows what there is: %s', (path) => {
  expect(maskPaths([path], noteAndRefuse)).toEqual([]);
  expect(asked.splice(0)).toEqual([path]);
});
