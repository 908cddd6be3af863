import type { ImportRequested } from '../../../src/domain/import/import.events.js';
import type { BranchId, ImportId, MetaRangeId, RefsTaskId } from '../../../src/domain/model.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import type { RefsDump } from '../../../src/domain/refs-task/refs-task.events.js';
import { frozen } from './frozen.js';
import { lake } from './repository.samples.js';

export const importId = 'dc0os19ksdubvtpdpdlg' as ImportId;
export const dumpId = 'DRv1-StGXR8_Z5jdHi6B_m' as RefsTaskId;

export const importWish: Omit<ImportRequested, 'type' | 'node'> = frozen({
  repository: lake.name,
  branch: 'main' as BranchId,
  sources: [
    { kind: 'prefix', uri: 'mem://old/in', prefix: 'in/' },
    { kind: 'object', uri: 'mem://old/one', path: 'one' as ObjectPath },
  ],
  message: 'bring it in',
  metadata: [['by', 'hand']],
  committer: 'ada',
  isForced: false,
});

const file = (digits: string) => digits.repeat(32) as MetaRangeId;
export const refsDump: RefsDump = frozen({
  commits: file('c0'),
  tags: file('7a'),
  branches: file('b2'),
});
