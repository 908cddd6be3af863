// Own time by room and by function, as Markdown.
import { eachCall } from './tree.js';

/** Rooms below it are put together. */
const SHARE_MIN = 0.004;

/** @param {import('./tree.js').Call} tree */
export function tablesOf(tree, functionsMax) {
  const rooms = new Map();
  const functions = new Map();
  eachCall(tree, ({ name, place, room, ownUs }) => {
    rooms.set(room, (rooms.get(room) ?? 0) + ownUs);
    const key = `${room}\n${place === '' ? name : `\`${name}\` ${place}`}`;
    functions.set(key, (functions.get(key) ?? 0) + ownUs);
  });
  const share = (us) => `${((100 * us) / tree.allUs).toFixed(1)} %`;
  const sorted = (map) => [...map].sort(([, left], [, right]) => right - left);
  const large = sorted(rooms).filter(([, us]) => us >= SHARE_MIN * tree.allUs);
  const rest = tree.allUs - large.reduce((sum, [, us]) => sum + us, 0);
  return [
    `busy: ${(tree.allUs / 1e6).toFixed(2)} s of the main thread`,
    '',
    '| room | own time |',
    '| --- | --- |',
    ...large.map(([room, us]) => `| ${room} | ${share(us)} |`),
    `| all others | ${share(rest)} |`,
    '',
    '| function | room | own time |',
    '| --- | --- | --- |',
    ...sorted(functions)
      .slice(0, functionsMax)
      .map(([key, us]) => [...key.split('\n'), us])
      .map(([room, name, us]) => `| ${name} | ${room} | ${share(us)} |`),
  ].join('\n');
}
