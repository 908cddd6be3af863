import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { importId, importWish } from '../../../test/support/samples/import.samples.js';
import { root, uid } from '../../../test/support/samples/repository.samples.js';
import { InvariantError } from '../../shared/assert.js';
import type { MetaRangeId, ObjectPath } from '../model.js';
import { IMPORT_BYTES_MAX, importDecider, RESUMES_MAX } from './import.decider.js';
import { importOfStream, importStream } from './import.stream.js';

const given = specFor(importDecider);
const requested = { type: 'ImportRequested', ...importWish, node: 'A' } as const;
const tree = { metaRangeId: 'ab'.repeat(32) as MetaRangeId, ingestedCount: 3 };
const finish = { type: 'FinishIngestion', node: 'A', ...tree, commitDateMs: 9_000 } as const;
const ingested = { ...finish, type: 'ImportIngested' } as const;
const checkpoint = { ...tree, path: 'in/c' as ObjectPath };
const progress = { type: 'ProgressImport', node: 'A', ingestedCount: 2, checkpoint } as const;
const progressed = { ...progress, type: 'ImportProgressed' } as const;
const resume = { type: 'ResumeImport', node: 'B', from: 'A' } as const;
const resumed = { type: 'ImportResumed', node: 'B' } as const;
const complete = { type: 'CompleteImport', commit: root } as const;
const completed = { type: 'ImportCompleted', ingestedCount: 3, commit: root } as const;
const fail = { type: 'FailImport', node: 'A', reason: 'forbidden' } as const;
const failed = { type: 'ImportFailed', ingestedCount: 0, reason: 'forbidden' } as const;
const cancel = { type: 'CancelImport' } as const;
const cancelled = { type: 'ImportCancelled', ingestedCount: 0 } as const;
const forgotten = { type: 'ImportForgotten' } as const;

describe('an import', () => {
  it('is requested once, however often it is asked for', () => {
    const request = { ...requested, type: 'RequestImport' } as const;
    given().when(request).then(requested);
    given().when(request).thenAgain();
  });

  it('is not requested when its intent could not be recorded', () => {
    const message = 'x'.repeat(IMPORT_BYTES_MAX);
    given()
      .when({ ...requested, type: 'RequestImport', message })
      .refused('invalid');
  });

  it('says how far it has come, and keeps the last checkpoint', () => {
    given(requested).when(progress).then(progressed);
    given(requested, progressed, { ...progressed, checkpoint: null }).has({ checkpoint });
  });

  it('keeps its count when the node that took it over has only a commit to make', () => {
    const silent = { ...progressed, node: 'B', ingestedCount: 3, checkpoint: null };
    given(requested, ingested, resumed)
      .when({ ...progress, node: 'B', ingestedCount: 0, checkpoint: null })
      .then(silent);
    given(requested, ingested, resumed, silent).when(complete).then(completed);
  });

  it('goes over to the node that takes it from the one that fell silent, once', () => {
    given(requested).when(resume).then(resumed);
    given(requested).when(resume).thenAgain();
    given(requested, resumed).when(progress).then();
    given(requested, resumed).when(finish).then();
    given(requested, resumed).when(fail).then();
    given(requested, resumed)
      .when({ ...progress, node: 'B' })
      .then({ ...progressed, node: 'B' });
  });

  it('is given up when node after node takes it and it never comes on', () => {
    const nodes = Array.from({ length: RESUMES_MAX }, (_, at) => `n${at}`);
    const all = nodes.map((node) => ({ type: 'ImportResumed', node }) as const);
    const last = nodes.at(-1) ?? '';
    const again = { type: 'ResumeImport', node: 'Z', from: last } as const;
    const reason = expect.stringContaining('given up') as never;
    given(requested, ...all)
      .when(again)
      .then({ ...failed, reason });
    given(requested, ...all, { ...progressed, node: last })
      .when(again)
      .then({ ...resumed, node: 'Z' });
  });

  it('is completed with its commit after its tree is whole', () => {
    given(requested).when(finish).then(ingested);
    given(requested).when(finish).thenAgain();
    given(requested, ingested).when(complete).then(completed);
    given(requested, ingested).when(complete).thenAgain();
    given(requested).when(complete).isABug();
  });

  it('is cancelled while no commit was asked for, and not after', () => {
    given(requested).when(cancel).then(cancelled);
    given(requested).when(cancel).thenAgain();
    given(requested, cancelled).when(finish).then();
    given(requested, cancelled).when(progress).then();
    given(requested, ingested).when(cancel).refused('import_completed');
    given(requested, ingested, completed).when(cancel).refused('import_completed');
    given(requested, failed).when(cancel).then();
    given().when(cancel).refused('import_not_found');
    given(requested, ingested, cancelled).cannotBe('not taken back');
  });

  it('fails once, with its reason', () => {
    given(requested).when(fail).then(failed);
    given(requested).when(fail).thenAgain();
    given(requested, failed).when(resume).then();
  });

  it('is forgotten in the end', () => {
    given(requested, failed).when({ type: 'ForgetImport' }).then(forgotten);
    given(requested, failed).when({ type: 'ForgetImport' }).thenAgain();
    given(requested).when({ type: 'ForgetImport' }).then(forgotten);
    given(requested, forgotten).when(cancel).refused('import_not_found');
    given(requested, forgotten).when(progress).then();
  });

  it('stands in a stream of its repository and id', () => {
    expect(importOfStream(importStream(uid, importId))).toEqual({ uid, id: importId });
    expect(() => importOfStream('import-short')).toThrow(InvariantError);
  });
});
