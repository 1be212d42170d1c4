// The live table: lines in place on a terminal, plain lines elsewhere.

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/status.h"

namespace lab::test {

using testing::HasSubstr;
using testing::Not;

/// What is written to it, as text.
class Paper {
 public:
  Paper() : file_(std::tmpfile()) {}
  ~Paper() { std::fclose(file_); }
  std::FILE* file() const { return file_; }
  std::string text() const {
    std::string text(static_cast<size_t>(std::ftell(file_)), '\0');
    std::rewind(file_);
    text.resize(std::fread(text.data(), 1, text.size(), file_));
    return text;
  }

 private:
  std::FILE* file_;
};

/// The screen of a terminal that knows the sequences the board writes.
std::string screen_of(const std::string& bytes) {
  std::vector<std::string> lines{""};
  size_t row = 0;
  size_t column = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] == '\r') {
      column = 0;
    } else if (bytes[at] == '\n') {
      if (++row == lines.size()) lines.emplace_back();
      column = 0;  // as the tty's onlcr does
    } else if (bytes[at] == '\x1b') {
      const size_t end = bytes.find_first_of("AKJ", at);
      if (bytes[end] == 'A') row -= std::stoul(bytes.substr(at + 2));
      if (bytes[end] != 'A') lines[row].resize(std::min(column, lines[row].size()));
      if (bytes[end] == 'J') lines.resize(row + 1);
      at = end;
    } else {
      lines[row].resize(std::max(column + 1, lines[row].size()), ' ');
      lines[row][column++] = bytes[at];
    }
  }
  std::string screen;
  for (const std::string& line : lines) screen += line + "\n";
  return screen;
}

TEST(StatusBoard, SaysPlainLinesWhereThereIsNoTerminal) {
  Paper paper;
  {
    StatusBoard board(paper.file(), false);
    StatusLine one(board);
    one.begin("[1/2] 6.12");
    one.stage("boot");
    one.stage("boot");
    one.stage("load");
    board.total("1 of 2 done");
    one.end("[1/2] 6.12  pass");
  }
  EXPECT_EQ(paper.text(), "[1/2] 6.12  boot\n[1/2] 6.12  load\n[1/2] 6.12  pass\n");
}

TEST(StatusBoard, ShowsALinePerGuestAndKeepsWhatEnded) {
  Paper paper;
  {
    StatusBoard board(paper.file(), true);
    StatusLine one(board);
    StatusLine two(board);
    one.begin("[1/3] 6.12");
    two.begin("[2/3] 6.17.8");
    two.stage("load 3 of 10 s");
    one.stage("a very long stage");
    one.stage("boot");
    EXPECT_EQ(screen_of(paper.text()),
              "[1/3] 6.12  0 s  boot\n[2/3] 6.17.8  0 s  load 3 of 10 s\n");
    board.total("1 of 3 done");
    one.end("[1/3] 6.12  pass: fine");
    board.say("downloading");
    EXPECT_EQ(screen_of(paper.text()),
              "[1/3] 6.12  pass: fine\ndownloading\n[2/3] 6.17.8  0 s  load 3 of 10 s\n1 of 3 "
              "done\n");
    one.begin("[3/3] 7.3");
    EXPECT_THAT(screen_of(paper.text()), HasSubstr("[3/3] 7.3  0 s"));
    two.end("[2/3] 6.17.8  freeze");
    one.end("[3/3] 7.3  pass");
  }
  EXPECT_EQ(screen_of(paper.text()),
            "[1/3] 6.12  pass: fine\ndownloading\n[2/3] 6.17.8  freeze\n[3/3] 7.3  pass\n\n")
      << "nothing live is left";
}

TEST(StatusBoard, WritesEachFrameWithoutErasingFirst) {
  Paper paper;
  {
    StatusBoard board(paper.file(), true);
    StatusLine one(board);
    one.begin("run");
    one.stage("boot");
  }
  EXPECT_THAT(paper.text(), Not(HasSubstr("\x1b[2J")));
  EXPECT_THAT(paper.text(), Not(HasSubstr("\r\x1b[Krun"))) << "written over, then cut";
}

TEST(StatusBoard, CutsWhatWouldWrap) {
  Paper paper;
  {
    StatusBoard board(paper.file(), true);
    StatusLine one(board);
    one.begin(std::string(200, 'x'));
    const std::string screen = screen_of(paper.text());
    EXPECT_EQ(screen.find('\n'), 79u) << "80 columns where the width is not known";
  }
}

}  // namespace lab::test
