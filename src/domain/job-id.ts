import { createHash } from 'node:crypto';
import { xidOf } from '../shared/xid.js';
import type { CommandId, ImportId, RefsTaskId } from './model.js';

/** Returns the id of the import that a command asks for: the same for a repeat of it. */
export const importIdOf = (commandId: CommandId): ImportId =>
  xidOf(digest(`import/${commandId}`).subarray(0, 12)) as ImportId;

/** Returns the id of the task that a command asks for: the same for a repeat of it. */
export const refsTaskIdOf = (commandId: CommandId, kind: 'dump' | 'restore'): RefsTaskId => {
  const text = digest(`${kind}/${commandId}`).subarray(0, 15).toString('base64url');
  return `${kind === 'dump' ? 'DR' : 'RR'}${text}` as RefsTaskId;
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
