// The two servers as the command line names them.

/**
 * @typedef {object} Side
 * @property {readonly string[]} urls  of its nodes; most questions ask the first alone
 * @property {Record<string, string>} env  for the scripts
 * @property {Record<string, number | undefined>} pids  `postgres`, and `server`, `server-2`, …
 */

/** Returns ours and, if it was named, the peer. Several nodes are told with commas. */
export function sidesOf(values) {
  const sides = { ours: sideOf(values, '', 'LOAD') };
  if (values['peer-url'] !== undefined) sides.peer = sideOf(values, 'peer-', 'LOAD_PEER');
  return sides;
}

/** The peer's variables begin with LOAD_PEER_; what it has none of is as with ours. */
function sideOf(values, prefix, name) {
  const of = (key) => process.env[`${name}_${key}`] ?? process.env[`LOAD_${key}`];
  const keys = ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'NAMESPACE', 'STAGED_ADDRESS'];
  const known = keys.filter((key) => of(key) !== undefined).map((key) => [`LOAD_${key}`, of(key)]);
  return newSide({
    urls: values[`${prefix}url`].split(','),
    serverPids: values[`${prefix}pid`]?.split(',').map(Number) ?? [],
    postgresPid: pidOf(values[`${prefix}postgres-pid`]),
    env: Object.fromEntries(known),
  });
}

/** @returns {Side} */
export function newSide({ urls, serverPids, postgresPid, env }) {
  const servers = serverPids.map((pid, at) => [at === 0 ? 'server' : `server-${at + 1}`, pid]);
  return {
    urls,
    pids: { server: undefined, ...Object.fromEntries(servers), postgres: postgresPid },
    env: { ...env, LOAD_URL: urls[0], LOAD_URLS: urls.join(',') },
  };
}

/** Returns one figure of all the nodes of a side. */
export const ofServers = (figures) =>
  Object.entries(figures)
    .filter(([name]) => name === 'server' || name.startsWith('server-'))
    .reduce((sum, [, figure]) => sum + figure, 0);

function pidOf(text) {
  return text === undefined ? undefined : Number(text);
}
