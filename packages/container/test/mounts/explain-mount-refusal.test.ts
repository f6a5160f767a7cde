import { expect, test } from '@jest/globals';
import { explainMountRefusal } from '../../src/mounts/explain-mount-refusal.ts';

const ofMove = (why: string): string | undefined => explainMountRefusal({ syscall: 'move_mount', code: 'EINVAL', why });

test.each(['bring in /srv as /etc/passwd', 'show /dev/null', 'show it as /dev/console'])(
  'a place that is no place for what is to be shown there is asked about: %s',
  (why) => {
    expect(ofMove(why)).toContain('is the place in the root what it should be?');
  },
);

test('what else is refused to the same call has no such answer', () => {
  expect(ofMove('hide /proc/keys')).toBeUndefined();
  expect(ofMove('show the devices of the container, read-only')).toBeUndefined();
});
