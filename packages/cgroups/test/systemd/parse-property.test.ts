import { expect, test } from '@jest/globals';
import { parseProperty } from '../../src/systemd/index.ts';

test.each([
  ['CollectMode', "'inactive-or-failed'", ['CollectMode', ['s', 'inactive-or-failed']]],
  ['CollectMode', '"a\\"b"', ['CollectMode', ['s', 'a"b']]],
  ['Delegate', 'true', ['Delegate', ['b', true]]],
  ['TimeoutStopUSec', 'uint64 123456789', ['TimeoutStopUSec', ['t', '123456789']]],
  ['TimeoutStopSec', 'uint64 5', ['TimeoutStopUSec', ['t', '5000000']]],
  ['TimeoutStopSec', '1.5', ['TimeoutStopUSec', ['t', '1500000']]],
  ['Nice', '-5', ['Nice', ['i', -5]]],
  ['Some', '@au [1, 2]', ['Some', ['au', [1, 2]]]],
  ['After', "['a.service', 'b.service']", ['After', ['as', ['a.service', 'b.service']]]],
  ['After', '@as []', ['After', ['as', []]]],
  ['DeviceAllow', "[('/dev/null', 'rw')]", ['DeviceAllow', ['a(ss)', [['/dev/null', 'rw']]]]],
  ['IOWriteBandwidthMax', "@a(st) [('/dev/sda', 5)]", ['IOWriteBandwidthMax', ['a(st)', [['/dev/sda', '5']]]]],
  ['Some', '(uint64 1,)', ['Some', ['(t)', ['1']]]],
  ['Some', 'byte 0x10', ['Some', ['y', 16]]],
])('%s: %s', (name, text, property) => {
  expect(parseProperty(name, text)).toEqual(property);
});

test.each([
  ['No', 'true', 'no name'],
  ['Has-dash', 'true', 'no name'],
  ['Some', '', 'cannot be read'],
  ['Some', 'word', 'cannot be read'],
  ['Some', "'open", 'cannot be read'],
  ['Some', "['a', 1]", 'cannot be read'],
  ['Some', "['a'", 'cannot be read'],
  ['Some', '[]', 'cannot be read'],
  ['Some', 'true false', 'cannot be read'],
  ['Some', 'byte 256', 'cannot be read'],
  ['Some', 'uint64 -1', 'cannot be read'],
  ['Some', "uint64 'a'", 'cannot be read'],
  ['TimeoutStopSec', "'5s'", 'number of seconds'],
  ['TimeoutStopSec', '-1', 'no time'],
])('%s: %s is refused', (name, text, reason) => {
  expect(() => parseProperty(name, text)).toThrow(reason);
});
