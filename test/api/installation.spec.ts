import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SetUp } from '../../src/commands/auth/set-up.js';
import { json, type RunningEdge, runEdge, silent, told } from './running-edge.js';
import { standIns } from './stand-ins.js';

const API = '/api/v1';
let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(standIns);
});
afterAll(() => edge.close());

/** One count that is right, and one more. */
const events = (event: object) => json({ events: [{ class: 'a', name: 'b', count: 1 }, event] });

describe('the installation', () => {
  it('says what it is', async () => {
    const storage = {
      blockstore_type: 'local',
      blockstore_id: '',
      blockstore_description: '',
      blockstore_namespace_example: 'local://example-bucket/',
      blockstore_namespace_ValidityRegex: '^local://',
      default_namespace_prefix: 'local://',
      pre_sign_support: true,
      pre_sign_support_ui: false,
      pre_sign_multipart_upload: true,
      import_support: false,
      import_validity_regex: '^local://',
    };
    const version = { version: '1.84.0', version_context: 'lakeFS' };
    expect(await told(await edge.call(`${API}/config`))).toEqual([
      200,
      {
        version_config: version,
        storage_config: storage,
        storage_config_list: [],
        ui_config: {},
        capabilities_config: {},
      },
    ]);
    expect(await told(await edge.call(`${API}/config/storage`))).toEqual([200, storage]);
    expect(await told(await edge.call(`${API}/config/version`))).toEqual([200, version]);
    expect(await told(await edge.call(`${API}/config/garbage-collection`))).toEqual([
      200,
      { grace_period: 86400 },
    ]);
    expect(await told(await edge.call(`${API}/auth/capabilities`))).toEqual([
      200,
      { invite_user: false },
    ]);
  });

  it('is set up', async () => {
    const url = `${API}/setup_lakefs`;
    edge.authenticator.isInitialized = false;
    expect(await told(await edge.call(url))).toMatchObject([200, { state: 'not_initialized' }]);
    edge.authenticator.isInitialized = true;
    expect(await told(await edge.call(url))).toMatchObject([
      200,
      {
        state: 'initialized',
        comm_prefs_missing: false,
        login_config: { RBAC: 'none', login_url: '', logout_url: '' },
      },
    ]);
    const key = { access_key_id: 'A', secret_access_key: 'S' };
    expect(
      await told(await edge.call(url, json({ username: 'ada', key, email: 'test@acme.co' }))),
    ).toEqual([
      200,
      { access_key_id: 'AKIAJX', secret_access_key: 'shh', creation_date: 1_700_000_000 },
    ]);
    expect(edge.last(SetUp).wish).toEqual({
      user: 'ada',
      key: { accessKeyId: 'A', secretAccessKey: 'S' },
    });
    expect(await told(await edge.call(url, json({ username: 'ada' })))).toMatchObject([200, {}]);
    expect(edge.last(SetUp).wish.key).toBeUndefined();
  });

  it.each([
    [{ username: '' }, 'username: must not be empty'],
    [{}, 'username: must be a string'],
    [{ username: 'ada', key: { access_key_id: 'A' } }, 'key.secret_access_key: must be a string'],
    [{ username: 'ada', email: 'x' }, 'email: invalid email address'],
  ])('is not set up by %j', async (body, message) =>
    expect(await told(await edge.call(`${API}/setup_lakefs`, json(body)))).toEqual([
      400,
      { message },
    ]),
  );

  it('takes what a person wants to hear of', async () => {
    const body = { email: 'test@acme.co', featureUpdates: true, securityUpdates: false };
    const response = await edge.call(`${API}/setup_comm_prefs`, json(body));
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(
      await told(await edge.call(`${API}/setup_comm_prefs`, json({ ...body, email: 'x' }))),
    ).toEqual([400, { message: 'email: invalid email address' }]);
  });

  it('takes what clients count, and keeps none of it', async () => {
    const url = `${API}/statistics`;
    expect(await silent(await edge.call(url, events({ class: 'a', name: 'b', count: 0 })))).toBe(
      204,
    );
    for (const [event, field] of [
      [{ class: '', name: 'b', count: 1 }, 'class'],
      [{ class: 'a', count: 1 }, 'name'],
      [{ class: 'a', name: 'b', count: -1 }, 'count'],
    ] as const) {
      const message = expect.stringMatching(new RegExp(`^events\\[1\\]\\.${field}: `));
      expect(await told(await edge.call(url, events(event)))).toEqual([400, { message }]);
    }
  });

  it('is alive, and able while its store answers', async () => {
    expect(await silent(await edge.call(`${API}/healthcheck`))).toBe(204);
    expect(await (await fetch(`${edge.url}/_health`)).text()).toBe('alive!');
    expect(await (await fetch(`${edge.url}/readyz`)).json()).toEqual({
      status: 'ready',
      checks: [{ name: 'views', ok: true }],
    });
  });
});
