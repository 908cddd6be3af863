import { describe, expect, it } from '@jest/globals';
import { writesOf } from '../../test/support/given.js';
import { work } from '../../test/support/samples/branch.samples.js';
import { lake, NOW_MS, uid } from '../../test/support/samples/repository.samples.js';
import { entry, path } from '../../test/support/samples/staging.samples.js';
import { multipartStream } from '../domain/multipart/multipart.stream.js';
import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import { uploadsProjection } from './uploads.projection.js';
import { UploadsView } from './uploads.view.js';

const given = writesOf(uploadsProjection);
const place = { branch: work, path: path('a'), namespace: lake.namespace, key: 'data/s/x,sig' };
const started = { type: 'MultipartStarted', ...place } as const;
const stream = multipartStream({ uid, uploadId: 'up/load' });
const record = { ...place, startedAtMs: NOW_MS };
const key = `${uid}/up/load`;

describe('uploads in parts', () => {
  it('stand from their begin until their parts are gone, and say when they are over', () => {
    const over = { overAtMs: NOW_MS };
    const completed = { type: 'MultipartCompleted', entry } as const;
    given(stream, started, completed, { type: 'PartsRemoved' }).writes(
      ['put', 'uploads/begun', key, record],
      ['put', 'uploads/over', key, over],
      ['delete', 'uploads/begun', key],
      ['delete', 'uploads/over', key],
    );
    given(stream, { type: 'MultipartAborted' }).writes(['put', 'uploads/over', key, over]);
  });

  it('are listed page by page, over all repositories', async () => {
    const kv = new MemoryKvStore();
    const written = { stream, atMs: NOW_MS, event: started };
    for (let at = 0; at < 5; at++) {
      const each = multipartStream({ uid, uploadId: `${at}` });
      kv.apply(uploadsProjection.project({ ...written, stream: each }));
    }
    const aborted = { type: 'MultipartAborted' } as const;
    const third = multipartStream({ uid, uploadId: '3' });
    kv.apply(uploadsProjection.project({ stream: third, atMs: NOW_MS, event: aborted }));
    const view = new UploadsView(kv);
    const { items, last } = await view.page(undefined, 5);
    expect(items.map(({ uploadId, isOver }) => [uploadId, isOver])).toEqual([
      ['0', false],
      ['1', false],
      ['2', false],
      ['3', true],
      ['4', false],
    ]);
    expect(items[0]).toMatchObject({ uid, ...record });
    expect((await view.page(last, 5)).items).toHaveLength(1);
    expect(await view.get({ uid, uploadId: '3' })).toEqual(record);
    expect(await view.get({ uid, uploadId: '9' })).toBeUndefined();
  });
});
