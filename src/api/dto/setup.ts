import { IsBoolean, IsEmail, IsOptional } from 'class-validator';
import type { SetUp } from '../../commands/auth/set-up.js';
import { checked, IsText } from '../json-body.js';
import { HasSchema, schemaOfClass } from '../openapi/dto-schema.js';
import { nullable } from '../openapi/schema.js';
import { userId } from '../parse.js';

export class AccessKeyCredentials {
  @IsText()
  readonly access_key_id!: string;

  @IsText()
  readonly secret_access_key!: string;
}

export class Setup {
  @IsText()
  readonly username!: string;

  /** An `AccessKeyCredentials`, checked apart. */
  @HasSchema(nullable(schemaOfClass(AccessKeyCredentials)), 'optional')
  readonly key?: unknown;

  @IsOptional()
  @IsEmail(undefined, { message: 'email invalid email address' })
  readonly email?: string | null;
}

/** What a person wants to hear of; checked, and kept nowhere, since nothing here sends mail. */
export class CommPrefsInput {
  @IsEmail(undefined, { message: 'email invalid email address' })
  readonly email!: string;

  @IsBoolean()
  readonly featureUpdates!: boolean;

  @IsBoolean()
  readonly securityUpdates!: boolean;
}

/** @throws DomainError invalid */
export function setupWish(body: Setup): SetUp['wish'] {
  return { user: userId(body.username), key: keyOf(body.key) };
}

function keyOf(json: unknown): SetUp['wish']['key'] {
  if (json === undefined || json === null) return undefined;
  const key = checked(AccessKeyCredentials, json, 'key.');
  return { accessKeyId: key.access_key_id, secretAccessKey: key.secret_access_key };
}
