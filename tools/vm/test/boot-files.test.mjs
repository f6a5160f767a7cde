import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openCache } from '../cache.mjs';
import { loadOrder } from '../initramfs.mjs';
import { unpack } from '../kernel-image.mjs';

let directory;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-cache-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a cache', () => {
  test('makes a file once', () => {
    const cache = openCache(directory);
    const path = cache.file('thing', 'a', () => Buffer.from('first'));
    cache.file('thing', 'a', () => {
      throw new Error('made twice');
    });
    expect(readFileSync(path, 'utf8')).toBe('first');
  });

  test('a new key replaces the old file, and what a killed process left half made', () => {
    const cache = openCache(directory);
    writeFileSync(join(directory, 'thing-a.new4194999'), ''); // higher than any process number
    cache.file('thing', 'a', () => Buffer.from(''));
    cache.file('other', 'a', () => Buffer.from(''));
    cache.file('thing', 'b', () => Buffer.from(''));
    expect(readdirSync(directory).sort()).toEqual(['other-a', 'thing-b']);
  });

  test('what another process is writing stays', () => {
    const unfinished = `thing-a.new${process.ppid}`;
    writeFileSync(join(directory, unfinished), '');
    openCache(directory).file('thing', 'b', () => Buffer.from(''));
    expect(readdirSync(directory)).toContain(unfinished);
  });

  test('a file that cannot be made leaves nothing', () => {
    const fail = () => {
      throw new Error('no');
    };
    expect(() => openCache(directory).file('thing', 'a', fail)).toThrow('no');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('where nothing can be written the files are gone when it is closed', () => {
    const cache = openCache('/sys/coracle-vm');
    const path = cache.file('thing', 'a', () => Buffer.from('x'));
    expect({ kept: cache.kept, there: existsSync(path) }).toEqual({ kept: false, there: true });
    cache.close();
    expect(existsSync(dirname(path))).toBe(false);
  });

  test('a kept one keeps its files when it is closed', () => {
    mkdirSync(join(directory, 'deeper'));
    const cache = openCache(join(directory, 'deeper/still'));
    const path = cache.file('thing', 'a', () => Buffer.from('x'));
    cache.close();
    expect(existsSync(path)).toBe(true);
  });
});

describe('loadOrder', () => {
  const dependencies = [
    'kernel/net/9p/9pnet.ko:',
    'kernel/fs/9p/9p.ko.xz: kernel/net/9p/9pnet.ko kernel/fs/fscache.ko kernel/fs/netfs.ko',
    'kernel/net/9p/9pnet_virtio.ko: kernel/net/9p/9pnet.ko',
    '',
  ].join('\n');

  test('puts a module after all it needs, and names each once', () => {
    expect(loadOrder(dependencies, ['9pnet_virtio', '9p'])).toEqual([
      'kernel/net/9p/9pnet.ko',
      'kernel/net/9p/9pnet_virtio.ko',
      'kernel/fs/netfs.ko',
      'kernel/fs/fscache.ko',
      'kernel/fs/9p/9p.ko.xz',
    ]);
  });

  test('a module that is built in needs no loading', () => {
    expect(loadOrder(dependencies, ['virtio_pci'])).toEqual([]);
  });
});

describe('unpack', () => {
  const note = Buffer.from([4, 0, 0, 0, 8, 0, 0, 0, 18, 0, 0, 0, ...Buffer.from('Xen\0')]);

  function image(payload) {
    const setup = Buffer.alloc(1024);
    setup[0x1f1] = 1;
    setup.writeUInt32LE(16, 0x248);
    setup.writeUInt32LE(payload.length, 0x24c);
    return Buffer.concat([setup, Buffer.alloc(16), payload, Buffer.from('what follows')]);
  }

  test('gives the kernel inside of the image', () => {
    const kernel = Buffer.concat([Buffer.from('\x7fELF'), note]);
    expect(unpack(image(gzipSync(kernel)))).toEqual(kernel);
  });

  test.each([
    ['has no entry for virtual machines', image(gzipSync(Buffer.from('\x7fELF')))],
    ['is packed in an unknown way', image(Buffer.from('LZO and the kernel'))],
    ['is damaged', image(gzipSync(note).subarray(0, 12))],
    ['is no kernel', Buffer.from('#!/bin/sh')],
  ])('gives nothing for an image that %s', (_, bytes) => {
    expect(unpack(bytes)).toBeUndefined();
  });
});
