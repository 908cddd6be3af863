// The two servers as the command line names them.

/**
 * @typedef {object} Side
 * @property {string} url
 * @property {Record<string, string>} env  for the scripts
 * @property {{server: number | undefined, postgres: number | undefined}} pids
 */

/** Returns ours and, if it was named, the peer. */
export function sidesOf(values) {
  const sides = { ours: sideOf(values, '', 'LOAD') };
  if (values['peer-url'] !== undefined) sides.peer = sideOf(values, 'peer-', 'LOAD_PEER');
  return sides;
}

/** The peer's variables begin with LOAD_PEER_; what it has none of is as with ours. */
function sideOf(values, prefix, name) {
  const url = values[`${prefix}url`];
  const of = (key) => process.env[`${name}_${key}`] ?? process.env[`LOAD_${key}`];
  const keys = ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'NAMESPACE', 'STAGED_ADDRESS'];
  const known = keys.filter((key) => of(key) !== undefined).map((key) => [`LOAD_${key}`, of(key)]);
  const pids = {
    server: pidOf(values[`${prefix}pid`]),
    postgres: pidOf(values[`${prefix}postgres-pid`]),
  };
  return { url, pids, env: { ...Object.fromEntries(known), LOAD_URL: url } };
}

function pidOf(text) {
  return text === undefined ? undefined : Number(text);
}
