import { IsMimeType, IsString, Length, Matches } from 'class-validator';

export class CreateUploadDto {
  @IsString()
  @Length(1, 120)
  @Matches(/^[\w.-]+$/)
  fileName!: string;

  @IsMimeType()
  contentType!: string;
}
