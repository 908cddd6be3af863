import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { installationDecider } from '../../domain/installation/installation.decider.js';
import { INSTALLATION_STREAM } from '../../domain/installation/installation.stream.js';
import type { UserId } from '../../domain/model.js';
import { Clock } from '../../ports/clock.js';
import { Ids } from '../../ports/ids.js';
import { credentialContext, Secrets } from '../../ports/secrets.js';
import { AggregateStreams } from '../aggregate-stream.js';
import type { Request } from '../request.js';

export interface AdminKeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly createdAtMs: number;
}

/**
 * Makes the administrator and their key pair; once in the life of an installation.
 *
 * @throws DomainError already_initialized
 */
export class SetUp extends Command<AdminKeyPair> {
  constructor(
    readonly wish: {
      readonly user: UserId;
      /** Left out: made here. */
      readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(SetUp)
export class SetUpHandler implements ICommandHandler<SetUp> {
  constructor(
    private readonly streams: AggregateStreams,
    private readonly ids: Ids,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  async execute({ wish, request }: SetUp): Promise<AdminKeyPair> {
    const { accessKeyId, secretAccessKey } = wish.key ?? this.ids.keyPair();
    const nowMs = this.clock.nowMs();
    const command = {
      type: 'SetUpInstallation',
      user: wish.user,
      accessKeyId,
      sealedSecret: this.secrets.seal(secretAccessKey, credentialContext(accessKeyId)),
      nowMs,
    } as const;
    const stream = INSTALLATION_STREAM;
    await this.streams.transact({ stream, decider: installationDecider, command }, request);
    return { accessKeyId, secretAccessKey, createdAtMs: nowMs };
  }
}
