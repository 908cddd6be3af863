import type { DynamicModule } from '@nestjs/common';
import { BLOCK_URL_KEY_LABEL, BlockUrls } from '../auth/block-urls.js';
import { SESSION_KEY_LABEL, SessionTokens } from '../auth/session-tokens.js';
import { ADDRESS_KEY_LABEL, AddressTokens } from '../commands/address/address-tokens.js';
import { Clock } from '../ports/clock.js';
import { Ids } from '../ports/ids.js';
import { Secrets } from '../ports/secrets.js';

/** How long what is signed stays good. */
export interface SigningSettings {
  readonly sessionTtlMs: number;
  readonly presignTtlMs: number;
  readonly addressTokenTtlMs: number;
}

/** What is signed and not kept: sessions, URLs of blocks, addresses. Each by a key of its own. */
export class SigningModule {
  static with(settings: SigningSettings): DynamicModule {
    const providers = [
      {
        provide: SessionTokens,
        inject: [Secrets, Clock, Ids],
        useFactory: (secrets: Secrets, clock: Clock, ids: Ids) =>
          new SessionTokens({
            key: secrets.derive(SESSION_KEY_LABEL),
            ttlMs: settings.sessionTtlMs,
            nowMs: () => clock.nowMs(),
            newId: () => ids.commandId(),
          }),
      },
      {
        provide: BlockUrls,
        inject: [Secrets, Clock],
        useFactory: (secrets: Secrets, clock: Clock) =>
          new BlockUrls({
            key: secrets.derive(BLOCK_URL_KEY_LABEL),
            ttlMs: settings.presignTtlMs,
            nowMs: () => clock.nowMs(),
          }),
      },
      {
        provide: AddressTokens,
        inject: [Secrets, Clock],
        useFactory: (secrets: Secrets, clock: Clock) =>
          new AddressTokens({
            key: secrets.derive(ADDRESS_KEY_LABEL),
            ttlMs: settings.addressTokenTtlMs,
            nowMs: () => clock.nowMs(),
          }),
      },
    ];
    return { module: SigningModule, global: true, providers, exports: providers };
  }
}
