import { plainToInstance } from 'class-transformer';
import { IsInt, IsOptional, IsString, IsUrl, MinLength, validateSync } from 'class-validator';

const HTTP = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };

/** What the API reads from its environment. */
export class Environment {
  @IsString()
  DB_HOST: string = 'localhost';

  @IsInt()
  DB_PORT: number = 5432;

  @IsString()
  DB_USERNAME!: string;

  @IsString()
  DB_PASSWORD!: string;

  @IsString()
  DB_DATABASE!: string;

  @IsString()
  REDIS_HOST: string = 'localhost';

  @IsInt()
  REDIS_PORT: number = 6379;

  @IsOptional()
  @IsString()
  REDIS_PASSWORD?: string;

  /** Where the RPC API of the Kubo node is, which keeps the encrypted contents. */
  @IsUrl(HTTP)
  IPFS_LOCAL_API_URL: string = 'http://localhost:5001';

  /** Where the worker is that seals files. */
  @IsUrl(HTTP)
  TEE_WORKER_URL: string = 'http://localhost:3001';

  /** What the API shows the TEE worker, which has the same one. */
  @MinLength(16)
  TEE_WORKER_SECRET!: string;

  @MinLength(16)
  JWT_SECRET!: string;

  @IsUrl(HTTP)
  CORS_ORIGIN: string = 'http://localhost:5173';
}

/** Return the environment with its defaults, or throw an error that names all that is wrong with it. */
export function validate(variables: Record<string, unknown>): Environment {
  // Compose files pass an unset variable as an empty string.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const environment = plainToInstance(Environment, given, { enableImplicitConversion: true });
  const errors = validateSync(environment);
  if (errors.length > 0) {
    const reasons = errors.flatMap(({ constraints }) => Object.values(constraints ?? {}));
    throw new Error(`the environment is not valid:\n  ${reasons.join('\n  ')}`);
  }
  return environment;
}
