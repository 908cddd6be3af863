import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LargeObjectServer, MIB, peaksOf } from '../support/large-objects.js';

/** What may lie between two measurements of one process that does the same twice. */
const NOISE_BYTES_MAX = 16 * MIB;
const FOUR_MORE_BYTES_MAX = 64 * MIB;
let server: LargeObjectServer;

beforeAll(async () => {
  server = await LargeObjectServer.start();
}, 60_000);
afterAll(() => server.stop());

it('a server holds no more of an object four times as large, nor much of four', async () => {
  const sizes = { smallBytes: 32 * MIB, largeBytes: 128 * MIB };
  const { smallBytes, largeBytes, fourBytes } = await peaksOf(server, sizes);
  expect(largeBytes - smallBytes).toBeLessThanOrEqual(NOISE_BYTES_MAX);
  expect(fourBytes - smallBytes).toBeLessThanOrEqual(FOUR_MORE_BYTES_MAX);
}, 180_000);
