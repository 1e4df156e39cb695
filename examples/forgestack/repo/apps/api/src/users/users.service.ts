import { ConflictException, Injectable } from '@nestjs/common';
import { eq, users } from '@forgestack/db';
import * as argon2 from 'argon2';
import { DatabaseService } from '../database.module';
import type { CredentialsDto } from './credentials.dto';

@Injectable()
export class UsersService {
  constructor(private readonly database: DatabaseService) {}

  async create({ email, password }: CredentialsDto) {
    const [user] = await this.database.db
      .insert(users)
      .values({ email, passwordHash: await argon2.hash(password) })
      .onConflictDoNothing({ target: users.email })
      .returning({ id: users.id, email: users.email });
    if (!user) throw new ConflictException('this email is already registered');
    return user;
  }

  /** The user these credentials belong to, if they are right. */
  async verify({ email, password }: CredentialsDto) {
    const [user] = await this.database.db.select().from(users).where(eq(users.email, email));
    if (!user || !(await argon2.verify(user.passwordHash, password))) return null;
    return { id: user.id, email: user.email };
  }
}
