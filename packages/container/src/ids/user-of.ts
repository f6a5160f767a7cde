import type { Process, User } from '@coracle/oci-spec';

/** Whom a process runs as: root, where its configuration does not say. */
export function userOf({ user = { uid: 0, gid: 0 } }: Pick<Process, 'user'>): User {
  return user;
}
