// What is asked, in the order in which one thing stands on the other.

const DELETES_AT_ONCE = 1000;

/** Returns questions about a tree of so many objects. */
export function treeQuestions(count) {
  const of = `${count.toLocaleString('en')} objects`;
  const part = Math.max(1, Math.round(count / 100));
  return [
    {
      question: `stage ${of}`,
      isMeasured: true,
      ask: (c, r) => stage(c, r, 'main', count, 'first'),
    },
    { question: `commit ${of}`, isMeasured: true, ask: (c, r) => commit(c, r, 'main') },
    { question: 'branch', ask: (c, r) => newBranch(c, r, 'side') },
    { question: 'stage 1 %', ask: (c, r) => stage(c, r, 'main', part, 'again', 100) },
    { question: `commit 1 % on ${of}`, isMeasured: true, ask: (c, r) => commit(c, r, 'main') },
    {
      question: `diff of 1 % of ${of}`,
      isMeasured: true,
      ask: async (c, r) => ({ rows: await c.all(`${r}/refs/side/diff/main?type=two_dot`) }),
    },
    { question: 'stage on the side', ask: (c, r) => stage(c, r, 'side', part, 'beside', 100, 50) },
    { question: 'commit on the side', ask: (c, r) => commit(c, r, 'side') },
    {
      question: `merge of 1 % with 1 % of ${of}`,
      isMeasured: true,
      ask: async (c, r) => {
        await c.send('POST', `${r}/refs/side/merge/main`, {}, 200);
      },
    },
    {
      question: `list all ${of}`,
      isMeasured: true,
      ask: async (c, r) => ({ rows: await c.all(`${r}/refs/main/objects/ls`) }),
    },
  ];
}

/** Returns questions about a listing in which so many objects were deleted and not committed. */
export function tombstoneQuestions(count) {
  const of = `${count.toLocaleString('en')} tombstones`;
  return [
    { question: 'stage', ask: (c, r) => stage(c, r, 'main', count, 'gone') },
    { question: 'stage what stays', ask: (c, r) => stageFolders(c, r, 200) },
    { question: 'commit', ask: (c, r) => commit(c, r, 'main') },
    { question: 'delete', isMeasured: false, ask: (c, r) => deleteAll(c, r, count) },
    {
      question: `list 100 with a delimiter over ${of}`,
      isMeasured: true,
      ask: async (c, r) => {
        const path = `${r}/refs/main/objects/ls?delimiter=/&amount=100`;
        const { results } = await c.send('GET', path, undefined, 200);
        return { rows: results.length };
      },
    },
    {
      question: `list all over ${of}`,
      isMeasured: true,
      ask: async (c, r) => ({ rows: await c.all(`${r}/refs/main/objects/ls`) }),
    },
  ];
}

/** Returns questions about a branch of so many commits. */
export function logQuestions(count) {
  const of = `${count.toLocaleString('en')} commits`;
  return [
    {
      question: `make ${of}, one behind the other`,
      isMeasured: true,
      ask: async (c, r) => {
        for (let at = 0; at < count; at++) await commit(c, r, 'main', `commit ${at}`);
      },
    },
    {
      question: `log of ${of}`,
      isMeasured: true,
      ask: async (c, r) => ({ rows: await c.all(`${r}/refs/main/commits`) }),
    },
    {
      question: `dump of ${of}`,
      isMeasured: true,
      ask: async (c, r) => {
        c.dumped = await c.send('PUT', `${r}/refs/dump`, {}, 201);
        c.dumpedFrom = (await c.send('GET', r, undefined, 200)).storage_namespace;
      },
    },
    {
      question: `restore of ${of}`,
      isMeasured: true,
      ask: async (c, r) => {
        await c.send('DELETE', r, undefined, 204);
        const name = `restored-${Date.now().toString(36)}`;
        const wish = { name, storage_namespace: c.dumpedFrom };
        await c.send('POST', '/repositories?bare=true', wish, 201);
        await c.send('PUT', `/repositories/${name}/refs/restore`, c.dumped, 200);
        return { rows: await c.all(`/repositories/${name}/refs/main/commits`) };
      },
    },
  ];
}

async function stage(client, repository, branch, count, label, step = 1, from = 0) {
  await client.each(count, async (index) => {
    const at = from + index * step;
    const path = `data/part-${Math.floor(at / 1000)}/object-${String(at).padStart(8, '0')}`;
    await stageOne(client, `${repository}/branches/${branch}`, path, `${label}-${at}`);
  });
}

const stageFolders = (client, repository, count) =>
  client.each(count, (at) =>
    stageOne(client, `${repository}/branches/main`, `kept-${at}/object`, `kept-${at}`),
  );

async function stageOne(client, branch, path, checksum) {
  const body = {
    physical_address: `${client.stagedAddress}/${checksum}`,
    checksum,
    size_bytes: 1,
    mtime: 1_700_000_000,
  };
  await client.send('PUT', `${branch}/objects?path=${encodeURIComponent(path)}`, body, 201);
}

async function commit(client, repository, branch, message = 'a commit') {
  const wish = { message, allow_empty: true };
  await client.send('POST', `${repository}/branches/${branch}/commits`, wish, 201);
}

const newBranch = async (client, repository, name) => {
  await client.send('POST', `${repository}/branches`, { name, source: 'main' }, 201);
};

async function deleteAll(client, repository, count) {
  const calls = Math.ceil(count / DELETES_AT_ONCE);
  await client.each(calls, async (call) => {
    const paths = Array.from({ length: DELETES_AT_ONCE }, (_, index) => {
      const at = call * DELETES_AT_ONCE + index;
      return `data/part-${Math.floor(at / 1000)}/object-${String(at).padStart(8, '0')}`;
    });
    await client.send('POST', `${repository}/branches/main/objects/delete`, { paths }, 200);
  });
}
