import { assert } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { InstallationCommand } from './installation.commands.js';
import type { InstallationEvent } from './installation.events.js';
import type { InstallationState } from './installation.state.js';

/** Set up once, by whoever comes first. */
export const installationDecider: Decider<
  InstallationCommand,
  InstallationState,
  InstallationEvent
> = {
  initial: { isSetUp: false },

  decide({ user, accessKeyId, sealedSecret, nowMs }, { isSetUp }) {
    if (isSetUp) throw new DomainError('already_initialized');
    return [{ type: 'InstallationSetUp', user, accessKeyId, sealedSecret, createdAtMs: nowMs }];
  },

  evolve({ isSetUp }) {
    assert(!isSetUp, 'set up once');
    return { isSetUp: true };
  },
};
