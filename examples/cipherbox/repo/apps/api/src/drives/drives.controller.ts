import { randomUUID } from 'node:crypto';
import { Controller, Post } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

@Controller('drives')
export class DrivesController {
  constructor(private readonly jwt: JwtService) {}

  /** A new, empty drive. It is known by nothing but its token, as its files are by nothing but their key. */
  @Post()
  async create(): Promise<{ drive: string; token: string }> {
    const drive = randomUUID();
    return { drive, token: await this.jwt.signAsync({ sub: drive }) };
  }
}
