import { IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';

export class CreateJobDto {
  @IsString()
  @Length(1, 200)
  topic!: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(60_000)
  workMs?: number;
}
