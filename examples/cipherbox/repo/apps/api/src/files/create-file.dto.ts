import { IsBase64, IsNotEmpty, IsString, Length } from 'class-validator';

export class CreateFileDto {
  @IsString()
  @Length(1, 200)
  name!: string;

  /** The content as the client encrypted it: nothing here can read it. */
  @IsNotEmpty()
  @IsBase64()
  contentBase64!: string;
}
