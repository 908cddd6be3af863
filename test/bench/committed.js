// How fast trees are built, changed, looked up, scanned, compared and merged, and what that costs.
//
//   node test/bench/committed.js [--objects 1000000] [--turns] [--dist <folder of compiled code>]
//     [--only compare|busy]
//
// Builds trees of 100,000 and of `--objects` on a local block store in a temporary folder. With
// `--turns` it also prints the longest piece of CPU time between two turns of the loop; asking
// for that costs CPU itself, so the rates of such a run do not count.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    objects: { type: 'string', default: '1000000' },
    dist: { type: 'string', default: 'dist' },
    only: { type: 'string', default: '' },
    turns: { type: 'boolean', default: false },
  },
});
const dist = pathToFileURL(`${resolve(options.dist)}/`);
const { BlockCommittedStore } = await import(new URL('committed/block-committed-store.js', dist));
const { LocalBlockStore } = await import(new URL('block-adapter/local-block-store.js', dist));
const { DEFAULT_RANGE_PARAMETERS } = await import(new URL('ports/committed-store.js', dist));

const namespace = 'local://bench';
const folder = mkdtempSync(join(tmpdir(), 'moraine-bench-'));
const blocks = await LocalBlockStore.open({ root: folder, onSyncFailed: () => {} });
const workerUrl = new URL('committed/range-worker.js', dist);
const store = new BlockCommittedStore(blocks, workerUrl);
const probe = turnProbe(options.turns);

const pathOf = (i) =>
  `datasets/images/part-${i % 1000 < 10 ? 'a' : 'b'}/${String(i).padStart(9, '0')}.parquet`;

function entryOf(i, version) {
  const hex = (Math.imul(i + version * 7, 2_654_435_761) >>> 0).toString(16).padStart(8, '0');
  return {
    address: `data/gq000000000000000000/${hex}${hex}${hex.slice(0, 4)}`,
    addressType: 'relative',
    checksum: `${hex}${hex}${hex}${hex}`,
    sizeBytes: (i * 37) % 1_000_003,
    modifiedAtMs: 1_763_700_000_000 + i,
    contentType: 'application/octet-stream',
    metadata: [],
  };
}

async function* changes(count, { step = 1, offset = 0, version = 0 } = {}) {
  // The order of paths: those of part-a are before those of part-b.
  for (const isFirst of [true, false]) {
    let batch = [];
    for (let i = offset; i < count; i += step) {
      if (i % 1000 < 10 !== isFirst) continue;
      batch.push({ path: pathOf(i), entry: entryOf(i, version) });
      if (batch.length < 1000) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }
}

async function measured(name, count, work) {
  probe.reset();
  const cpu = process.cpuUsage();
  const own = process.threadCpuUsage();
  const startedAt = performance.now();
  const result = await work();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const main = process.threadCpuUsage(own);
  const row = {
    objects: count,
    ms: Math.round(ms),
    'objects/s': Math.round((count / ms) * 1000),
    'cpu ms': Math.round((user + system) / 1000),
    'main thread cpu ms': Math.round((main.user + main.system) / 1000),
    'µs/object': Number(((user + system) / count).toFixed(2)),
    'rss MiB': Math.round(process.memoryUsage.rss() / 2 ** 20),
    'peak rss MiB': Math.round(process.resourceUsage().maxRSS / 1024),
    ...(options.turns ? { 'longest turn cpu ms': Number(probe.longestMs().toFixed(1)) } : {}),
  };
  console.log(name, JSON.stringify(row));
  return result;
}

function turnProbe(isOn) {
  let longest = 0;
  let last = process.threadCpuUsage();
  const turn = () => {
    const now = process.threadCpuUsage();
    longest = Math.max(longest, now.user + now.system - last.user - last.system);
    last = now;
    setImmediate(turn).unref();
  };
  if (isOn) setImmediate(turn).unref();
  return { reset: () => (longest = 0), longestMs: () => longest / 1000 };
}

async function build(count, from = '', how = {}) {
  const { metaRangeId } = await store.apply(
    namespace,
    from,
    changes(count, how),
    DEFAULT_RANGE_PARAMETERS,
  );
  return metaRangeId;
}

async function getRandom(tree, count, gets) {
  for (let n = 0; n < gets; n++) {
    const i = Math.floor(Math.random() * count);
    const entry = await store.get(namespace, tree, pathOf(i));
    if (entry === undefined) throw new Error(`${pathOf(i)} is not there`);
  }
}

async function scanAll(tree, pageSize) {
  let from = new Uint8Array();
  for (let total = 0; ;) {
    const page = await store.scan(namespace, tree, { from, limit: pageSize });
    total += page.length;
    if (page.length < pageSize) return total;
    from = Buffer.from(`${page.at(-1).path}\0`);
  }
}

async function diffAll(left, right, pageSize) {
  let from = new Uint8Array();
  for (let total = 0; ;) {
    const page = await store.diff(namespace, left, right, { from, limit: pageSize });
    total += page.length;
    if (page.length < pageSize) return total;
    from = Buffer.from(`${page.at(-1).path}\0`);
  }
}

/** Compares and merges trees of which each side changed one object in a hundred. */
async function comparing(count, name, tree) {
  const source = await build(count, tree, { step: 100, offset: 3, version: 3 });
  const destination = await build(count, tree, { step: 100, offset: 53, version: 4 });
  const thousand = Math.floor(count / 2) + 100;
  const few = await build(thousand + 1000, tree, { offset: thousand, version: 1 });
  const sideBySide = await build(thousand + 5000, tree, { offset: thousand + 4000, version: 1 });
  for (const [what, other, changed] of [
    ['1 in 100', source, count / 100],
    ['1,000 side by side', few, 1000],
  ]) {
    for (const pageSize of [1000, 1_000_000]) {
      const found = await measured(`${name}: diff of ${what}, pages of ${pageSize}`, changed, () =>
        diffAll(tree, other, pageSize),
      );
      if (found !== changed) throw new Error(`${found} differences are not ${changed}`);
    }
  }
  await measured(`${name}: diff with nothing, first 1000`, 1000, () =>
    store.diff(namespace, '', tree, { from: new Uint8Array(), limit: 1000 }),
  );
  const how = { strategy: 'default', parameters: DEFAULT_RANGE_PARAMETERS };
  for (const [what, trees, changed] of [
    ['1 in 100 on each side', { base: tree, source, destination }, count / 50],
    ['1,000 on each side', { base: tree, source: few, destination: sideBySide }, 2000],
  ]) {
    const merged = await measured(`${name}: merge ${what}`, changed, () =>
      store.merge(namespace, trees, how),
    );
    if (merged.kind !== 'merged') throw new Error('the merge is a conflict');
  }
}

async function suite(count, name) {
  const tree = await measured(`${name}: build`, count, () => build(count));
  await comparing(count, name, tree);
  if (options.only === 'compare') return;
  const step = Math.max(1, count / 10_000);
  for (const [what, how] of [
    ['apply 1,000 side by side', { offset: Math.floor(count / 2) + 100, version: 1 }],
    [`apply 1 in ${step * 10}`, { step: step * 10, offset: 3, version: 2 }],
    ['apply 1 in 100', { step: 100, offset: 3, version: 3 }],
  ]) {
    const end = how.step ? count : how.offset + 1000;
    const changed = how.step ? Math.ceil((end - how.offset) / how.step) : 1000;
    await measured(`${name}: ${what}`, changed, () => build(end, tree, how));
  }
  await measured(`${name}: nothing differs, 1 in 100`, count / 100, () =>
    build(count, tree, { step: 100 }),
  );
  await measured(`${name}: random get, cold`, 10_000, () => getRandom(tree, count, 10_000));
  await measured(`${name}: random get, warm`, 50_000, () =>
    getRandom(tree, Math.min(count, 100_000), 50_000),
  );
  await measured(`${name}: random get, warm`, 50_000, () =>
    getRandom(tree, Math.min(count, 100_000), 50_000),
  );
  await measured(`${name}: scan, pages of 1000`, count, () => scanAll(tree, 1000));
}

async function smallCommits(sizeCount, commits) {
  let tree = await build(sizeCount);
  await measured(`small: ${commits} commits of one object on ${sizeCount}`, commits, async () => {
    for (let n = 0; n < commits; n++) {
      const i = (n * 7919) % sizeCount;
      tree = await build(i + 1, tree, { offset: i, version: n + 5 });
    }
  });
}

/** What 16 writers of one branch bring about: each commit adds to a few places of the tree. */
async function busyBranch(sizeCount, commits) {
  const writers = 16;
  const path = (n) => `w-${n % writers}/${Math.floor(n / writers)}`;
  const laid = (base, from, until) => {
    const paths = Array.from({ length: until - from }, (_, n) => ({
      path: path(from + n),
      entry: entryOf(from + n, 0),
    }));
    paths.sort((left, right) => Buffer.compare(Buffer.from(left.path), Buffer.from(right.path)));
    const batches = (async function* () {
      yield paths;
    })();
    return store.apply(namespace, base, batches, DEFAULT_RANGE_PARAMETERS);
  };
  const added = 20;
  let tree = (await laid('', 0, sizeCount)).metaRangeId;
  let count = sizeCount;
  await measured(
    `busy: ${commits} commits of ${added} new objects on ${sizeCount}`,
    commits,
    async () => {
      for (; count < sizeCount + commits * added; count += added) {
        tree = (await laid(tree, count, count + added)).metaRangeId;
      }
    },
  );
}

console.log(`idle: rss ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`);
if (options.only === '') {
  await smallCommits(30, 300);
  await smallCommits(1000, 300);
}
if (options.only === '' || options.only === 'busy') {
  for (const sizeCount of [1000, 2500, 7000]) await busyBranch(sizeCount, 50);
}
if (options.only !== 'busy') {
  await suite(100_000, '100k');
  await suite(Number(options.objects), 'many');
}
console.log('caches', JSON.stringify(store.counts));
await store.close();
rmSync(folder, { recursive: true });
