import { Body, Controller, HttpCode, Post, UnauthorizedException } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { CredentialsDto } from '../users/credentials.dto';
import { UsersService } from '../users/users.service';

@Controller('auth')
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly jwt: JwtService,
  ) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body() body: CredentialsDto): Promise<{ token: string }> {
    const user = await this.users.verify(body);
    if (!user) throw new UnauthorizedException('wrong email or password');
    return { token: await this.jwt.signAsync({ sub: user.id }) };
  }
}
