import { describe, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { NOW_MS } from '../../../test/support/samples/repository.samples.js';
import type { UserId } from '../model.js';
import { installationDecider } from './installation.decider.js';

const given = specFor(installationDecider);
const admin = { user: 'admin' as UserId, accessKeyId: 'AKIA', sealedSecret: 'sealed' };
const setUp = { type: 'InstallationSetUp', ...admin, createdAtMs: NOW_MS } as const;
const command = { type: 'SetUpInstallation', ...admin, nowMs: NOW_MS } as const;

describe('an installation', () => {
  it('is set up by whoever comes first', () => given().when(command).then(setUp));

  it('is set up once: a second time is refused, also by the same', () => {
    given().when(command).thenAgainRefused('already_initialized');
    given(setUp, setUp).cannotBe('set up once');
  });
});
