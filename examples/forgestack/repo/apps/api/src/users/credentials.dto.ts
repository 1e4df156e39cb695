import { Transform } from 'class-transformer';
import { IsEmail, IsString, Length } from 'class-validator';

export class CredentialsDto {
  @Transform(({ value }) => (typeof value === 'string' ? value.trim().toLowerCase() : value))
  @IsEmail()
  email!: string;

  @IsString()
  @Length(10, 200)
  password!: string;
}
