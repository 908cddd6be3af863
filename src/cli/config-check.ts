import { CONFIG_KEYS, type ConfigKey, SECRET_KEYS, URL_KEYS } from '../config/server.config.js';
import type { CliCommand } from './command.js';
import { ExitCode } from './exit-code.js';

export const configCheck: CliCommand = {
  name: 'config check',
  summary: 'Print what is in force and where each value came from; secrets are masked.',
  options: {},

  async run(_, { inForce, out }) {
    for (const key of CONFIG_KEYS) {
      const value = masked(key, inForce.config[key]);
      out.row({ key, value, origin: inForce.origins[key] });
    }
    return ExitCode.ok;
  },
};

type Value = string | number | boolean | undefined;

function masked(key: ConfigKey, value: Value): Value {
  if (value === undefined) return undefined;
  if (SECRET_KEYS.includes(key)) return '********';
  if (!URL_KEYS.includes(key)) return value;
  try {
    const url = new URL(String(value));
    if (url.password !== '') url.password = '********';
    // A password may stand among the parameters too.
    for (const name of url.searchParams.keys()) {
      if (/password|secret/i.test(name)) url.searchParams.set(name, '********');
    }
    return url.toString();
  } catch {
    return '********';
  }
}
