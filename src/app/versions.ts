import { readFileSync } from 'node:fs';
import type { Versions } from '../cli/command.js';

/** The lakeFS version whose API this server speaks; clients read it as integers. */
export const API_VERSION = '1.84.0';

/** The package stands two folders up from here, compiled or not. */
const packagePath = new URL('../../package.json', import.meta.url);

export const VERSIONS: Versions = {
  moraine: versionIn(readFileSync(packagePath, 'utf8')),
  api: API_VERSION,
  node: process.versions.node,
};

function versionIn(json: string): string {
  const { version } = JSON.parse(json) as { version: string };
  return version;
}
