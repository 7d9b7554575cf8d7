//! What a browser makes of the pages: headless Chromium, driven by ChromeDriver (of the packages `chromium` and
//! `chromium-driver`), with the axe accessibility checks that `.ci/axe` installs.

mod axe;
mod desk;
mod driver;
mod elsewhere;
mod hostile;
mod looks;
mod review;
mod send_back;
mod sheet;
mod shots;
mod visitor;
