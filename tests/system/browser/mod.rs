//! What a browser makes of the pages: headless Chromium, driven by ChromeDriver (of the packages `chromium` and
//! `chromium-driver`), with the axe accessibility checks that `.ci/axe` installs.

mod axe;
mod driver;
mod sheet;
mod shots;
