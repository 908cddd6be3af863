// The rows of the table: which script, with how many clients, and what has to come out of it.
/**
 * @typedef {object} Question
 * @property {string} name
 * @property {string} script
 * @property {number} clients
 * @property {number} rate  what the rate must be at least, as a multiple of the peer's
 * @property {number} [cpu]  what server and Postgres may take at most, as a part of the peer's
 * @property {number} [nodes]  how many servers on one Postgres it asks; 1 when left out
 * @property {boolean} [once]  it does so much and ends, however long that takes
 */

/** @type {readonly Question[]} */
export const QUESTIONS = [
  { name: 'stage', script: 'stage.js', clients: 16, rate: 2, cpu: 0.35 },
  { name: 'stage-64', script: 'stage.js', clients: 64, rate: 2, cpu: 0.3 },
  { name: 'upload', script: 'upload.js', clients: 16, rate: 2 },
  { name: 'stat-staged', script: 'stat-staged.js', clients: 16, rate: 3, cpu: 0.15 },
  { name: 'stat-committed', script: 'stat-committed.js', clients: 16, rate: 3, cpu: 0.15 },
  { name: 'get-object', script: 'get-object.js', clients: 16, rate: 1 },
  { name: 'list-100', script: 'list-100.js', clients: 16, rate: 3, cpu: 0.2 },
  { name: 'get-branch', script: 'get-branch.js', clients: 16, rate: 2.5, cpu: 0.4 },
  { name: 'create-branch', script: 'create-branch.js', clients: 16, rate: 2.5, cpu: 0.3 },
  { name: 'create-tag', script: 'create-tag.js', clients: 16, rate: 2.5, cpu: 0.3 },
  { name: 'commit-own-branches', script: 'commit-own-branches.js', clients: 16, rate: 3, cpu: 0.2 },
  { name: 'commit-one-branch', script: 'commit-one-branch.js', clients: 16, rate: 8 },
  { name: 'commit-under-writes', script: 'commit-under-writes.js', clients: 16, rate: 1 },
  { name: 'mixed-one-branch', script: 'mixed-one-branch.js', clients: 16, rate: 1 },
  {
    name: 'conditional-under-commits',
    script: 'conditional-under-commits.js',
    clients: 16,
    rate: 1,
  },
  { name: 'merge-wide', script: 'merge-wide.js', clients: 16, rate: 1 },
  { name: 'delete-many', script: 'delete-many.js', clients: 16, rate: 1, once: true },
  { name: 'three-nodes', script: 'three-nodes.js', clients: 16, rate: 1, nodes: 3 },
];
