import type { ObjectEntry, ObjectPath } from '../../../src/domain/model.js';
import type {
  ObjectCloned,
  ObjectStaged,
  ObjectUnstaged,
} from '../../../src/domain/staging/staging.events.js';
import { stagingStream, stagingToken } from '../../../src/domain/staging/staging.stream.js';
import { work } from './branch.samples.js';
import { frozen } from './frozen.js';
import { NOW_MS, uid } from './repository.samples.js';

export const token = stagingToken({ uid, branch: work, life: 0, ordinal: 0 });
export const tokenStream = stagingStream(token);
export const path = (text: string) => text as ObjectPath;

export const entry: ObjectEntry = frozen({
  address: 'data/slice/object',
  addressType: 'relative',
  checksum: 'd41d8cd98f00b204e9800998ecf8427e',
  sizeBytes: 1,
  modifiedAtMs: NOW_MS,
  contentType: 'text/plain',
  metadata: [['__proto__', 'a key like any other']],
});

export const staged = (text: string): ObjectStaged =>
  frozen({ type: 'ObjectStaged', path: path(text), entry });
export const cloned = (text: string, source: string): ObjectCloned =>
  frozen({ type: 'ObjectCloned', path: path(text), entry, source: path(source) });
export const unstaged = (text: string): ObjectUnstaged =>
  frozen({ type: 'ObjectUnstaged', path: path(text) });
