// A profile as a tree of functions, each with its own time and that of all it called.
import { roomOf } from './rooms.js';

/** A sample that comes later than so many intervals: others had the core meanwhile. */
const LATE_MAX = 3;

/**
 * @typedef {object} Call
 * @property {string} name
 * @property {string} place  file and line; "" of what Node itself does
 * @property {string} room
 * @property {number} ownUs
 * @property {number} allUs
 * @property {Call[]} calls
 */

/**
 * Returns the calls below the loop, without the time in which it waited. One function that is
 * called from one place is one call, however often that was.
 *
 * @returns {Call}
 */
export function treeOf({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const ownUs = new Map();
  const usMax = LATE_MAX * timeDeltas.toSorted((left, right) => left - right)[samples.length >> 1];
  for (const [index, id] of samples.entries()) {
    ownUs.set(id, (ownUs.get(id) ?? 0) + Math.min(timeDeltas[index], usMax));
  }
  const root = callOf(nodes[0], { byId, ownUs, callerRoom: '' });
  root.name = 'the main thread';
  return root;
}

function callOf(node, { byId, ownUs, callerRoom }) {
  const room = roomOf(node.callFrame, callerRoom);
  const calls = new Map();
  let allUs = Math.max(0, ownUs.get(node.id) ?? 0);
  const call = { ...described(node.callFrame), room, ownUs: allUs, allUs, calls: [] };
  for (const id of node.children ?? []) {
    const child = byId.get(id);
    if (child.callFrame.functionName === '(idle)') continue;
    const below = callOf(child, { byId, ownUs, callerRoom: room });
    allUs += below.allUs;
    merge(calls, below);
  }
  call.allUs = allUs;
  call.calls = [...calls.values()].sort((left, right) => right.allUs - left.allUs);
  return call;
}

/** The same function in several versions of its code is one. */
function merge(calls, call) {
  const key = `${call.name} ${call.place} ${call.room}`;
  const known = calls.get(key);
  if (known === undefined) return void calls.set(key, call);
  known.ownUs += call.ownUs;
  known.allUs += call.allUs;
  const below = new Map(
    known.calls.map((each) => [`${each.name} ${each.place} ${each.room}`, each]),
  );
  for (const each of call.calls) merge(below, each);
  known.calls = [...below.values()].sort((left, right) => right.allUs - left.allUs);
}

function described({ functionName, url, lineNumber }) {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return { name, place: '' };
  const short = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/((?:dist|src)\/)/, '$1');
  return { name, place: `${short}:${lineNumber + 1}` };
}

/** Calls back for each call, those below it too. */
export function eachCall(call, then) {
  then(call);
  for (const below of call.calls) eachCall(below, then);
}
