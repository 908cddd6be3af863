import { Command } from '@nestjs/cqrs';
import type { UserId } from '../../domain/model.js';
import type { Request } from '../request.js';

export interface AdminKeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly createdAtMs: number;
}

/** Makes the administrator and their key pair; once in the life of an installation. */
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
