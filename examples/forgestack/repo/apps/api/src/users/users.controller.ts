import { Body, Controller, Post } from '@nestjs/common';
import { CredentialsDto } from './credentials.dto';
import { UsersService } from './users.service';

@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Post()
  create(@Body() body: CredentialsDto) {
    return this.users.create(body);
  }
}
