//! A calculator for text: `+ - * / ^`, parentheses, signs and decimal numbers.

use std::fmt;

/// What an expression comes to.
///
/// # Errors
/// Says at which character the expression cannot be read, or that it has no finite value.
pub fn calculate(text: &str) -> Result<f64, CalculationError> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let value = reader.sum()?;
    if reader.peek().is_some() {
        return Err(reader.error("an operator was expected"));
    }
    if value.is_finite() {
        Ok(value)
    } else {
        Err(reader.error("this has no finite value"))
    }
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalculationError {
    /// Where, in characters from 1.
    pub at: usize,
    pub problem: &'static str,
}

impl fmt::Display for CalculationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}", self.problem, self.at)
    }
}

impl std::error::Error for CalculationError {}

/// How deep parentheses may nest, so that no input exhausts the stack.
const DEEPEST: usize = 64;

/// A recursive-descent reader: a method for each level of precedence.
struct Reader<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn sum(&mut self) -> Result<f64, CalculationError> {
        let mut value = self.product()?;
        loop {
            if self.take('+') {
                value += self.product()?;
            } else if self.take('-') {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f64, CalculationError> {
        let mut value = self.signed()?;
        loop {
            if self.take('*') {
                value *= self.signed()?;
            } else if self.take('/') {
                value /= self.signed()?;
            } else {
                return Ok(value);
            }
        }
    }

    /// A sign binds looser than a power: `-2 ^ 2` is -4.
    fn signed(&mut self) -> Result<f64, CalculationError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("this is nested too deeply"));
        }
        let value = if self.take('-') {
            -self.signed()?
        } else if self.take('+') {
            self.signed()?
        } else {
            self.power()?
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Powers group to the right: `2 ^ 3 ^ 2` is 512.
    fn power(&mut self) -> Result<f64, CalculationError> {
        let base = self.atom()?;
        if self.take('^') {
            Ok(base.powf(self.signed()?))
        } else {
            Ok(base)
        }
    }

    fn atom(&mut self) -> Result<f64, CalculationError> {
        if self.take('(') {
            let value = self.sum()?;
            return if self.take(')') {
                Ok(value)
            } else {
                Err(self.error("a `)` was expected"))
            };
        }
        let rest = self.rest();
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number = rest[..digits]
            .parse()
            .map_err(|_| self.error("a number was expected"))?;
        self.at += digits;
        Ok(number)
    }

    /// What is not read yet, without the spaces before it.
    fn rest(&mut self) -> &str {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        &self.text[self.at..]
    }

    fn peek(&mut self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn error(&self, problem: &'static str) -> CalculationError {
        CalculationError {
            at: self.text[..self.at].chars().count() + 1,
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (text, value) in [
            ("2", 2.0),
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("10 - 2 - 3", 5.0),
            ("100 / 5 / 2", 10.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("-2 ^ 2", -4.0),
            ("2 ^ -1", 0.5),
            ("--3 + +1", 4.0),
            (" 1.5*4 ", 6.0),
            ("(17 + 4) * 23", 483.0),
        ] {
            assert_eq!(calculate(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn mistakes() {
        for (text, at, problem) in [
            ("", 1, "a number was expected"),
            ("1 +", 4, "a number was expected"),
            ("1 2", 3, "an operator was expected"),
            ("(1 + 2", 7, "a `)` was expected"),
            ("1.2.3", 1, "a number was expected"),
            ("two", 1, "a number was expected"),
            ("2 × 3", 3, "an operator was expected"),
            ("1 / 0", 6, "this has no finite value"),
            ("0 / 0", 6, "this has no finite value"),
        ] {
            assert_eq!(
                calculate(text),
                Err(CalculationError { at, problem }),
                "{text}"
            );
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |open: &str| {
            calculate(&format!("{}1", open.repeat(100_000))).map_err(|error| error.problem)
        };
        assert_eq!(deep("("), Err("this is nested too deeply"));
        assert_eq!(deep("-"), Err("this is nested too deeply"));
        assert_eq!(
            calculate(&format!("{}1{}", "(".repeat(60), ")".repeat(60))),
            Ok(1.0)
        );
    }
}
